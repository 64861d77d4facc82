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

local call, format, match, byte, sub = redis.call, string.format, string.match, string.byte, string.sub
local messagesMax, ageMs, sourceMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local slackMs = math.floor(math.min(ageMs, sourceMs) / 16)
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Appends between two trims: a trim drops whole nodes of about a hundred entries, so trying each time is in vain.
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

-- Stores a run; gives the new head.
local function store(log, headKey, entry, count)
  local head = call('INCRBY', headKey, count)
  if head > messagesMax and head % trimEvery < count then
    call('XADD', log, 'MINID', '~', head - messagesMax, head, 'b', entry)
  else
    call('XADD', log, head, 'b', entry)
  end
  return head
end

local replies, key, argument = {}, 1, 4
while KEYS[key] do
  local log, headKey = KEYS[key], KEYS[key + 1]
  local reply = { call('GET', KEYS[key + 2]) }
  local runs = tonumber(ARGV[argument])
  for run = 1, runs do
    local source = KEYS[key + 2 + run]
    local sendSeq, count, restart = match(ARGV[argument + run * 2 - 1], '^(%d+):(%d+):(%d)$')
    sendSeq, count = tonumber(sendSeq), tonumber(count)
    local last, lastSeq, refreshed = 0, 0, 0
    local known = call('GET', source)
    if known then
      last, lastSeq, refreshed = match(known, '^(%d+):(%d+):(%d+)$')
      last, lastSeq, refreshed = tonumber(last), tonumber(lastSeq), tonumber(refreshed)
    end

    -- A skip has no body but takes a number all the same.
    local runLast = sendSeq + (count > 0 and count or 1) - 1
    if sendSeq < 1 or (sendSeq > last + 1 and restart == '0') then
      reply[run * 2], reply[run * 2 + 1] = -1, last + 1
    elseif runLast <= last then
      reply[run * 2], reply[run * 2 + 1] = count, (runLast == last and lastSeq or 0)
    else
      local duplicates = sendSeq > last and 0 or last + 1 - sendSeq
      local stored, head, seq = count - duplicates, 0, 0
      if stored > 0 then
        local entry = ARGV[argument + run * 2]
        if duplicates > 0 then entry = withoutFirst(entry, duplicates) end
        head = store(log, headKey, entry, stored)
        seq = head - stored + 1
      end
      if stored == 0 then
        call('SET', source, format('%d:0:0', runLast), 'PX', sourceMs + slackMs)
      elseif now - refreshed > slackMs or now < refreshed then
        call('SET', source, format('%d:%d:%d', runLast, head, now), 'PX', sourceMs + slackMs)
        call('PEXPIRE', log, ageMs + slackMs)
      else
        call('SET', source, format('%d:%d:%d', runLast, head, refreshed), 'KEEPTTL')
      end
      reply[run * 2], reply[run * 2 + 1] = duplicates, seq
    end
  end
  replies[#replies + 1] = reply
  key = key + 3 + runs
  argument = argument + 1 + runs * 2
end
return replies
