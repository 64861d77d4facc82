-- Moves what a sender has of readers, and is to tell them: src/store/decisions/marks.ts.
--
-- KEYS  per move: the sender's marks, the source in the sender's own timeline, the sender's watchers
-- ARGV  sourcesMax, readersMax, then per move: reader, epoch, number, '1' if it was read (else '0'), the last number of the
--       source that the reader's timeline has, or nothing: it was not asked for
-- Gives per move {number, version, watchers}, or nil: nothing has moved; or {-1}: it is to be asked for what the reader's timeline
-- has, as the mark is beyond what the sender's has, whose own copy may not be there yet.
--
-- The hash of marks:
--   <reader>  "at|epoch:delivered:read|…": when one of them moved last (ms), and its sources, the one that moved last at the end
--   version   how often one has moved

local call, match, gmatch, format = redis.call, string.match, string.gmatch, string.format
local sourcesMax, readersMax = tonumber(ARGV[1]), tonumber(ARGV[2])
-- include time.lua

-- Forgets those that moved longest ago.
local function forgetOldest(marks)
  local known = call('HGETALL', marks)
  local readers = {}
  for at = 1, #known, 2 do
    local moved = match(known[at + 1], '^(%d+)|')
    if moved then readers[#readers + 1] = { known[at], tonumber(moved) } end
  end
  table.sort(readers, function(one, other) return one[2] < other[2] end)
  for place = 1, #readers - math.floor(readersMax * 0.9) do call('HDEL', marks, readers[place][1]) end
end

local replies = {}
for item = 1, #KEYS / 3 do
  local marks, watchers = KEYS[item * 3 - 2], KEYS[item * 3]
  local first = item * 5 - 2
  local reader, epoch, sendSeq, isRead = ARGV[first], ARGV[first + 1], tonumber(ARGV[first + 2]), ARGV[first + 3] == '1'
  local lastOfReader = tonumber(ARGV[first + 4])
  local told = call('GET', watchers)
  local last = tonumber(match(call('GET', KEYS[item * 3 - 1]) or '0', '^%d+'))
  replies[item] = false
  -- Sources outlive a sender who was deleted (delete-account.lua).
  if told ~= '[]' then
    local known = call('HGET', marks, reader)
    local kept, delivered, read = {}, 0, 0
    for source, one, other in gmatch(known or '', '(%x+):(%d+):(%d+)') do
      if source == epoch then
        delivered, read = tonumber(one), tonumber(other)
      else
        kept[#kept + 1] = format('%s:%s:%s', source, one, other)
      end
    end
    local isBeyond = math.max(delivered, sendSeq) > last
    if isBeyond and lastOfReader then last = math.max(last, lastOfReader) end
    local nowDelivered = math.min(last, math.max(delivered, sendSeq))
    local nowRead = math.min(last, isRead and math.max(read, sendSeq) or read)
    if isBeyond and not lastOfReader then
      replies[item] = { -1 }
    elseif last > 0 and (nowDelivered ~= delivered or nowRead ~= read) then
      kept[#kept + 1] = format('%s:%d:%d', epoch, nowDelivered, nowRead)
      local from = math.max(1, #kept - sourcesMax + 1)
      call('HSET', marks, reader, format('%d|%s', nowMs, table.concat(kept, '|', from)))
      local version = call('HINCRBY', marks, 'version', 1)
      if not known and call('HLEN', marks) - 1 > readersMax then forgetOldest(marks) end
      replies[item] = { math.min(sendSeq, last), version, told }
    end
  end
end
return replies
