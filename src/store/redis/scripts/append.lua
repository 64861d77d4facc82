-- Appends runs of messages to timelines, exactly once each.
--
-- KEYS  per timeline: log, head, watchers, then per run: its source and, if it is for members only, the members of the group
-- ARGV  messagesMax, ageMs, sourceMs, '1' if what was taken before is written again: WAIT looks at writes only (else '0')
--       per timeline: number of runs, then per run:
--         header "<sendSeq>:<messages>:<1 if restart>" (one argument for three numbers: each costs the client half a microsecond), for
--                members only followed by ":<user id>"
--         entry  the bodies, each preceded by its length as a varint (src/codec/run.ts); empty: a skip, which takes its numbers all
--                the same
-- Gives per timeline: watchers or nil, then two numbers per run:
--         duplicates, seq    taken: bodies that had been taken before; number of the first stored now, else of the last, else 0
--         -1, expected       out of order
--         -2, duplicates     not a member: bodies that had been taken before, the others are refused
--
-- A source keeps "last:seq:refreshed": the last number taken from it, the timeline number which that got (0: none, a skip), and when
-- the times to live of the source and of the log were last set. They are set a sixteenth longer than asked and then left alone for
-- that long, which saves most appends two calls. A source of which something was refused has ":<from>-<to>" after that, the numbers
-- last refused: a repeat hears the same again, whoever joined or left meanwhile.

-- Numbers go to Redis as the text that they came as, where they can: turning one into text costs as much as the call itself.
local call, format, match, byte, sub = redis.call, string.format, string.match, string.byte, string.sub
local messagesMax, ageMs, sourceMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local slackMs = math.floor(math.min(ageMs, sourceMs) / 16)
local logLifeMs, sourceLifeMs = format('%d', ageMs + slackMs), format('%d', sourceMs + slackMs)
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local nowText = format('%d', now)
-- Messages between two trims: a trim drops whole nodes of up to a hundred entries, so trying each time is in vain.
local trimEvery = 64

-- The entry without its first bodies.
local function withoutFirst(entry, count)
  local at = 1
  for _ = 1, count do
    local length, scale, digit = 0, 1
    repeat
      digit = byte(entry, at)
      length = length + digit % 128 * scale
      scale = scale * 128
      at = at + 1
    until digit < 128
    at = at + length
  end
  return sub(entry, at)
end

-- Stores a run of so many bodies; gives the new head, as a number and as text.
local function store(log, headKey, entry, count)
  local head = call('INCRBY', headKey, count)
  local id = format('%d', head)
  if head > messagesMax and head % trimEvery < tonumber(count) then
    call('XADD', log, 'MINID', '~', head - messagesMax, id, 'b', entry)
  else
    call('XADD', log, id, 'b', entry)
  end
  return head, id
end

-- The first number of a run for members only that is refused, or nil.
local function firstRefused(members, user, refused, first, last, next)
  local from, to = match(refused, '^:(%d+)%-(%d+)$')
  if from and first <= tonumber(to) and last >= tonumber(from) then return math.max(first, tonumber(from)) end
  if last >= next and call('HEXISTS', members, user) == 0 then return math.max(first, next) end
end

-- The numbers last refused, when those from one to another join them.
local function withRefused(refused, first, last)
  local from, to = match(refused, '^:(%d+)%-(%d+)$')
  if from and first <= to + 1 then first = math.min(first, tonumber(from)) end
  return format(':%d-%d', first, last)
end

-- Nothing has changed of a source; but see ARGV[4].
local function unchanged(source, known)
  if ARGV[4] == '1' then call('SET', source, known, 'KEEPTTL') end
end

local replies, key, argument = {}, 1, 5
while KEYS[key] do
  local log, headKey = KEYS[key], KEYS[key + 1]
  local reply = { call('GET', KEYS[key + 2]) }
  local runs = tonumber(ARGV[argument])
  key = key + 3
  for run = 1, runs do
    local source = KEYS[key]
    key = key + 1
    local runFirst, count, restart, user = match(ARGV[argument + run * 2 - 1], '^(%d+):(%d+):(%d):?(%d*)$')
    local known = call('GET', source)
    local last, lastSeq, refreshed, refused = '0', '0', '0', ''
    if known then last, lastSeq, refreshed, refused = match(known, '^(%d+):(%d+):(%d+)(.*)$') end
    local next, sendSeq = last + 1, tonumber(runFirst)
    local entry = ARGV[argument + run * 2]
    local runLast = count == '1' and runFirst or format('%d', sendSeq + count - 1)
    local refusedFrom
    if user ~= '' then
      refusedFrom = firstRefused(KEYS[key], user, refused, sendSeq, tonumber(runLast), next)
      key = key + 1
    end

    if sendSeq < 1 or (sendSeq > next and restart == '0') then
      reply[run * 2], reply[run * 2 + 1] = -1, next
    elseif refusedFrom then
      if tonumber(runLast) >= next then
        call('SET', source, runLast .. ':0:0' .. withRefused(refused, refusedFrom, runLast), 'PX', sourceLifeMs)
      else
        unchanged(source, known)
      end
      reply[run * 2], reply[run * 2 + 1] = -2, refusedFrom - sendSeq
    elseif tonumber(runLast) < next then
      unchanged(source, known)
      reply[run * 2], reply[run * 2 + 1] = tonumber(count), runLast == last and tonumber(lastSeq) or 0
    elseif entry == '' then
      call('SET', source, runLast .. ':0:0' .. refused, 'PX', sourceLifeMs)
      reply[run * 2], reply[run * 2 + 1] = 0, 0
    else
      local duplicates = 0
      if sendSeq < next then
        duplicates = next - sendSeq
        entry = withoutFirst(entry, duplicates)
        count = format('%d', count - duplicates)
      end
      local head, seq = store(log, headKey, entry, count)
      local age = now - refreshed
      if age > slackMs or age < 0 then
        call('SET', source, runLast .. ':' .. seq .. ':' .. nowText .. refused, 'PX', sourceLifeMs)
        call('PEXPIRE', log, logLifeMs)
      else
        call('SET', source, runLast .. ':' .. seq .. ':' .. refreshed .. refused, 'KEEPTTL')
      end
      reply[run * 2], reply[run * 2 + 1] = duplicates, head - count + 1
    end
  end
  replies[#replies + 1] = reply
  argument = argument + 1 + runs * 2
end
return replies
