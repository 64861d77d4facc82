-- Appends runs of messages to timelines, exactly once each.
--
-- KEYS  per timeline: log, head, watchers, then one source per run
-- ARGV  messagesMax, ageMs, sourceMs
--       per timeline: number of runs, then per run:
--         header "<sendSeq>:<bodies>:<1 if restart>" (one argument for three numbers: each costs the client half a microsecond)
--         entry  the bodies, each preceded by its length as a varint (src/store/redis/entry.ts)
-- Gives per timeline: watchers or nil, then two numbers per run:
--         duplicates, seq    taken: bodies that had been taken before; number of the first stored now, else of the last, else 0
--         -1, expected       out of order
--
-- A source keeps "last:seq:refreshed": the last number taken from it, the timeline number which that got (0: none, a skip), and when
-- the times to live of the source and of the log were last set. They are set a sixteenth longer than asked and then left alone for
-- that long, which saves most appends two calls.

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

local replies, key, argument = {}, 1, 4
while KEYS[key] do
  local log, headKey = KEYS[key], KEYS[key + 1]
  local reply = { call('GET', KEYS[key + 2]) }
  local runs = tonumber(ARGV[argument])
  for run = 1, runs do
    local source = KEYS[key + 2 + run]
    local runFirst, count, restart = match(ARGV[argument + run * 2 - 1], '^(%d+):(%d+):(%d)$')
    local known = call('GET', source)
    local last, lastSeq, refreshed = '0', '0', '0'
    if known then last, lastSeq, refreshed = match(known, '^(%d+):(%d+):(%d+)$') end
    local next, sendSeq = last + 1, tonumber(runFirst)
    -- A skip has no body but takes a number all the same.
    local runLast = count == '1' and runFirst or format('%d', sendSeq + (count == '0' and 1 or count) - 1)

    if sendSeq < 1 or (sendSeq > next and restart == '0') then
      reply[run * 2], reply[run * 2 + 1] = -1, next
    elseif tonumber(runLast) < next then
      reply[run * 2], reply[run * 2 + 1] = tonumber(count), runLast == last and tonumber(lastSeq) or 0
    elseif count == '0' then
      call('SET', source, runLast .. ':0:0', 'PX', sourceLifeMs)
      reply[run * 2], reply[run * 2 + 1] = 0, 0
    else
      local entry, duplicates = ARGV[argument + run * 2], 0
      if sendSeq < next then
        duplicates = next - sendSeq
        entry = withoutFirst(entry, duplicates)
        count = format('%d', count - duplicates)
      end
      local head, seq = store(log, headKey, entry, count)
      local age = now - refreshed
      if age > slackMs or age < 0 then
        call('SET', source, runLast .. ':' .. seq .. ':' .. nowText, 'PX', sourceLifeMs)
        call('PEXPIRE', log, logLifeMs)
      else
        call('SET', source, runLast .. ':' .. seq .. ':' .. refreshed, 'KEEPTTL')
      end
      reply[run * 2], reply[run * 2 + 1] = duplicates, head - count + 1
    end
  end
  replies[#replies + 1] = reply
  key = key + 3 + runs
  argument = argument + 1 + runs * 2
end
return replies
