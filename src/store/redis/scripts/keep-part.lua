-- A part of a file has come: src/store/decisions/files.ts.
--
-- KEYS  file, expiry
-- ARGV  id, number, hash, ms that an upload is kept after its last new part, and after its beginning, ms from then until its bytes
--       are removed
-- Gives 'kept', 'taken', 'finished' or 'unknown'.

-- include time.lua
local call = redis.call
local file, expiry = unpack(KEYS)
local id, number, sha256 = unpack(ARGV, 1, 3)
local expires, finished, known, owner, begun = unpack(call('HMGET', file, 'expires', 'finished', number, 'owner', 'begun'))
if not expires or tonumber(expires) <= nowMs then return 'unknown' end
if finished then return 'finished' end
if known then return known == sha256 and 'kept' or 'taken' end
expires = math.max(tonumber(expires), math.min(tonumber(begun) + tonumber(ARGV[5]), nowMs + tonumber(ARGV[4])))
call('HSET', file, number, sha256, 'expires', expires)
call('ZADD', expiry, expires + tonumber(ARGV[6]), owner .. '.' .. id)
return 'kept'
