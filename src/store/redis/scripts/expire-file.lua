-- Files expire now.
--
-- KEYS  per file: file, expiry
-- ARGV  ms from then until its bytes are removed, then per file: '<owner>.<id>'
-- Gives 1 per file.

-- include time.lua
local replies = {}
for item = 1, #KEYS / 2 do
  local file, expiry = KEYS[item * 2 - 1], KEYS[item * 2]
  local expires = redis.call('HGET', file, 'expires')
  if expires and tonumber(expires) > nowMs then
    redis.call('HSET', file, 'expires', nowMs)
    redis.call('ZADD', expiry, nowMs + tonumber(ARGV[1]), ARGV[item + 1])
  end
  replies[item] = 1
end
return replies
