-- From now on a file can be read: src/store/decisions/files.ts.
--
-- KEYS  file, expiry, unfinished
-- ARGV  id, ms until it expires, ms from then until its bytes are removed, the hash of each part in order
-- Gives when it expires (ms), 'changed' or 'unknown'.

-- include time.lua
-- include unfinished.lua
local call = redis.call
local file, expiry, unfinished = unpack(KEYS)
local expires, finished, owner, counted = unpack(call('HMGET', file, 'expires', 'finished', 'owner', 'counted'))
if not expires or tonumber(expires) <= nowMs then return 'unknown' end
if finished then return tonumber(expires) end
local parts = #ARGV - 3
-- Eight fields are not parts.
if call('HLEN', file) ~= parts + 8 then return 'changed' end
for number = 1, parts do
  if call('HGET', file, number - 1) ~= ARGV[3 + number] then return 'changed' end
end
expires = nowMs + tonumber(ARGV[2])
call('HSET', file, 'finished', '1', 'expires', expires)
countUnfinished(unfinished, owner, -counted)
call('ZADD', expiry, expires + tonumber(ARGV[3]), owner .. '.' .. ARGV[1])
return expires
