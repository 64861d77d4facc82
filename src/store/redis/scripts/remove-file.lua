-- Forgets files, and what they counted.
--
-- KEYS  per file: file, bytes of all, owners, files of the owner, expiry
-- ARGV  per file: id, owner
-- Gives 1 per file.

local call = redis.call
local replies = {}
for item = 1, #KEYS / 5 do
  local file, all, owners, own, expiry = unpack(KEYS, item * 5 - 4, item * 5)
  local id, owner = ARGV[item * 2 - 1], ARGV[item * 2]
  local counted = tonumber(call('HGET', file, 'counted') or 0)
  local rest = tonumber(call('ZSCORE', owners, owner) or 0) - counted
  call('DEL', file)
  call('ZREM', own, id)
  call('ZREM', expiry, owner .. '.' .. id)
  if counted > 0 then call('INCRBY', all, -counted) end
  if rest > 0 then call('ZADD', owners, rest, owner) else call('ZREM', owners, owner) end
  replies[item] = 1
end
return replies
