-- A part of a file has come: src/store/decisions/files.ts.
--
-- KEYS  file
-- ARGV  number, hash
-- Gives 'unknown', 'finished', or {hash of what had this number, or ''}.

-- include time.lua
local expires, finished, before = unpack(redis.call('HMGET', KEYS[1], 'expires', 'finished', ARGV[1]))
if not expires or tonumber(expires) <= nowMs then return 'unknown' end
if finished then return 'finished' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if before == ARGV[2] then before = '' end
return { before or '' }
