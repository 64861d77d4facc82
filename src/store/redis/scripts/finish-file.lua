-- From now on a file can be read: src/store/decisions/files.ts.
--
-- KEYS  file, files of the owner, expiry
-- ARGV  id, owner, ms until it expires, ms from then until its bytes are removed, the hash of each part in order
-- Gives when it expires (ms), 'changed' or 'unknown'.

-- include time.lua
local call = redis.call
local file, own, expiry = unpack(KEYS)
local expires, finished = unpack(call('HMGET', file, 'expires', 'finished'))
if not expires or tonumber(expires) <= nowMs then return 'unknown' end
if finished then return tonumber(expires) end
local parts = #ARGV - 4
-- Seven fields are not parts.
if call('HLEN', file) ~= parts + 7 then return 'changed' end
for number = 1, parts do
  if call('HGET', file, number - 1) ~= ARGV[4 + number] then return 'changed' end
end
expires = nowMs + tonumber(ARGV[3])
call('HSET', file, 'finished', '1', 'expires', expires)
call('ZADD', own, expires, ARGV[1])
call('ZADD', expiry, expires + tonumber(ARGV[4]), ARGV[2] .. '.' .. ARGV[1])
return expires
