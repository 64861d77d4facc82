-- Moves how far members of groups have got: src/store/decisions/marks.ts.
--
-- KEYS  per move: members, head, talk, delivered, read, the source in the group's timeline
-- ARGV  namedMax, then per move: reader, number of the source, number of the group, '1' if it was read (else '0'), '1' if others are to
--       know (else '0')
-- Gives per move {number of the source or 0: nothing has moved for others, 1 if the sender is to be told, 1 if it has moved what the
--       reader has read}, or nil: the reader is not a member.
--
-- The sorted sets delivered and read have all members, by what others know; the group's talk has in =<user id> what the member has read.

local call, match, format = redis.call, string.match, string.format
local namedMax = tonumber(ARGV[1])

local function moved(before, seq, head)
  return math.min(head, math.max(before, seq))
end

local replies = {}
for item = 1, #KEYS / 6 do
  local key, argument = item * 6 - 5, item * 5 - 3
  local members, talk, deliveredKey, readKey = KEYS[key], KEYS[key + 2], KEYS[key + 3], KEYS[key + 4]
  local reader, seq, isRead = ARGV[argument], tonumber(ARGV[argument + 2]), ARGV[argument + 3] == '1'
  local joined = tonumber(match(call('HGET', members, reader) or '', '^%d+'))
  replies[item] = false
  if joined then
    local head = tonumber(call('GET', KEYS[key + 1]) or 0)
    local last = tonumber(match(call('GET', KEYS[key + 5]) or '0', '^%d+'))
    local isTold = last > 0 and ARGV[argument + 4] == '1'
    local delivered = tonumber(call('ZSCORE', deliveredKey, reader) or joined)
    local read = tonumber(call('ZSCORE', readKey, reader) or joined)
    local seen = tonumber(call('HGET', talk, '=' .. reader) or joined)
    local nowDelivered = moved(delivered, isTold and seq or 0, head)
    local nowRead = moved(read, isTold and isRead and seq or 0, head)
    local nowSeen = moved(seen, isRead and seq or 0, head)
    if nowDelivered ~= delivered then call('ZADD', deliveredKey, nowDelivered, reader) end
    if nowRead ~= read then call('ZADD', readKey, nowRead, reader) end
    if nowSeen ~= seen then call('HSET', talk, '=' .. reader, format('%d', nowSeen)) end
    local hasMoved = nowDelivered ~= delivered or nowRead ~= read
    replies[item] = {
      hasMoved and math.min(tonumber(ARGV[argument + 1]), last) or 0,
      hasMoved and call('HLEN', members) <= namedMax and 1 or 0,
      nowSeen ~= seen and 1 or 0,
    }
  end
end
return replies
