-- Takes away what is sealed for a member of an encrypted group, who is without a key from now on.
--
-- KEYS  group, talk, members
-- ARGV  user
-- Gives nil, or 'not-a-member', or 'not-encrypted'.

local call, match, format = redis.call, string.match, string.format
local group, talk, members = KEYS[1], KEYS[2], KEYS[3]
local user = ARGV[1]
-- include group-keys.lua

if call('HEXISTS', members, user) == 0 then return 'not-a-member' end
if not keyState() then return 'not-encrypted' end
forgetSlots(user)
call('ZADD', registerKey('keyless'), call('ZSCORE', registerKey('since'), user) or 1, user)
return false
