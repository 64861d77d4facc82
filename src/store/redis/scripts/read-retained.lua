-- Reads retained values in the order of their topics.
--
-- KEYS  values, order, counts, expiry (keys.ts)
-- ARGV  from and up to which topic, as ZRANGE … BYLEX has them, how many, their bytes
-- Gives 1 if there are more, the last topic that was looked at, and of each that has not expired its topic and record.

-- include time.lua
local limit, bytesMax = tonumber(ARGV[3]), tonumber(ARGV[4])
local topics = redis.call('ZRANGE', KEYS[2], ARGV[1], ARGV[2], 'BYLEX', 'LIMIT', 0, limit + 1)
local reply = { 0, '' }
local bytes = 0
for place, topic in ipairs(topics) do
  local record = redis.call('HGET', KEYS[1], topic)
  local _, expires, counted = string.match(record, '^(%d+) (%d+) (%d+) ')
  bytes = bytes + tonumber(counted)
  if place > limit or (place > 1 and bytes > bytesMax) then
    reply[1] = 1
    break
  end
  reply[2] = topic
  if tonumber(expires) == 0 or tonumber(expires) > nowMs then
    reply[#reply + 1] = topic
    reply[#reply + 1] = record
  end
end
return reply
