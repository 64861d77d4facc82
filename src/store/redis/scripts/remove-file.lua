-- Forgets files, and what they counted.
--
-- KEYS  per file: file, bytes of all, owners, files of the owner, expiry, unfinished
-- ARGV  per file: id, owner
-- Gives 1 per file.

-- include unfinished.lua
local call = redis.call
local replies = {}
for item = 1, #KEYS / 6 do
  local file, all, owners, own, expiry, unfinished = unpack(KEYS, item * 6 - 5, item * 6)
  local id, owner = ARGV[item * 2 - 1], ARGV[item * 2]
  local known, finished = unpack(call('HMGET', file, 'counted', 'finished'))
  local counted = tonumber(known or 0)
  local rest = tonumber(call('ZSCORE', owners, owner) or 0) - counted
  call('DEL', file)
  call('ZREM', own, id)
  call('ZREM', expiry, owner .. '.' .. id)
  if counted > 0 then call('INCRBY', all, -counted) end
  if counted > 0 and not finished then countUnfinished(unfinished, owner, -counted) end
  if rest > 0 then call('ZADD', owners, rest, owner) else call('ZREM', owners, owner) end
  replies[item] = 1
end
return replies
