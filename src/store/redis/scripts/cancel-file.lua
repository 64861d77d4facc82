-- An upload ends, and leaves its room to others: src/store/decisions/files.ts.
--
-- KEYS  file, bytes of all, owners, expiry, unfinished
-- ARGV  id, what it counts from now on, ms from now until its bytes are removed
-- Gives 'cancelled', 'finished' or 'unknown'.

-- include time.lua
-- include unfinished.lua
local call = redis.call
local file, all, owners, expiry, unfinished = unpack(KEYS)
local expires, finished, owner, counted = unpack(call('HMGET', file, 'expires', 'finished', 'owner', 'counted'))
if not expires or tonumber(expires) <= nowMs then return 'unknown' end
if finished then return 'finished' end
local freed = tonumber(counted) - tonumber(ARGV[2])
call('HSET', file, 'counted', ARGV[2], 'expires', nowMs)
call('INCRBY', all, -freed)
call('ZADD', owners, tonumber(call('ZSCORE', owners, owner)) - freed, owner)
countUnfinished(unfinished, owner, -freed)
call('ZADD', expiry, nowMs + tonumber(ARGV[3]), owner .. '.' .. ARGV[1])
return 'cancelled'
