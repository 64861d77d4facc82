-- Begins the upload of a file, unless its id is in use: src/store/decisions/files.ts.
--
-- KEYS  file, bytes of all, owners, files of the owner, expiry, unfinished
-- ARGV  id, owner, bytes, type, hash, capability, what it counts, bytes that a user and that all may have, and that they may have
--       of unfinished ones, ms until it expires, ms from then until its bytes are removed
-- Gives {'begun', field, value, …} of the file, 'taken', or of what there is no room.
--
-- The hash of a file: owner, bytes, type, sha256, capability, counted, begun (ms), expires (ms), finished ('1': it is), and the
-- hash of each part under its number.

-- include time.lua
-- include unfinished.lua
local call = redis.call
local file, all, owners, own, expiry, unfinished = unpack(KEYS)
local id, owner, bytes, kind, sha256, capability, counted = unpack(ARGV, 1, 7)
local known = call('HMGET', file, 'owner', 'bytes', 'type', 'sha256', 'expires')
if known[1] then
  local isSame = known[1] == owner and known[2] == bytes and known[3] == kind and known[4] == sha256
  if not isSame or tonumber(known[5]) <= nowMs then return 'taken' end
  return { 'begun', unpack(call('HGETALL', file)) }
end
local ownBytes = tonumber(call('ZSCORE', owners, owner) or 0) + tonumber(counted)
if ownBytes > tonumber(ARGV[8]) then return 'user' end
if tonumber(call('GET', all) or 0) + tonumber(counted) > tonumber(ARGV[9]) then return 'all' end
local open = function(whose) return tonumber(call('ZSCORE', unfinished, whose) or 0) + tonumber(counted) end
if open(owner) > tonumber(ARGV[10]) then return 'user-unfinished' end
if open('all') > tonumber(ARGV[11]) then return 'all-unfinished' end
local expires = nowMs + tonumber(ARGV[12])
call('HSET', file, 'owner', owner, 'bytes', bytes, 'type', kind, 'sha256', sha256, 'capability', capability, 'counted', counted,
  'begun', nowMs, 'expires', expires)
call('INCRBY', all, counted)
call('ZADD', owners, ownBytes, owner)
countUnfinished(unfinished, owner, counted)
call('ZADD', own, nowMs, id)
call('ZADD', expiry, expires + tonumber(ARGV[13]), owner .. '.' .. id)
return { 'begun', unpack(call('HGETALL', file)) }
