-- Sets what a user wants of a conversation: src/store/decisions/conversation.ts.
--
-- KEYS  talk
-- ARGV  peer, or '#' and a group; 1 (muted) or 2 (pinned), '1' to set it ('0': no longer), how many conversations may have a flag
-- Gives 1, or -1 if as many have one as may.
--
-- Beside what block.lua and append.lua describe the hash of conversations has
--   =<peer>, =#<group>  "flags:read": the sum of these; and of a peer the total as of what was read (read-conversation.lua)
--   flagged             how many have a flag

local call, match, format = redis.call, string.match, string.format
local talk, field, flag = KEYS[1], '=' .. ARGV[1], tonumber(ARGV[2])
local flags, read = match(call('HGET', talk, field) or '0:0', '^(%d):(%d+)$')
flags = tonumber(flags)
local isSet = flags == 3 or flags == flag
if isSet == (ARGV[3] == '1') then return 1 end
local after = isSet and flags - flag or flags + flag
if flags == 0 then
  if tonumber(call('HGET', talk, 'flagged') or 0) >= tonumber(ARGV[4]) then return -1 end
  call('HINCRBY', talk, 'flagged', 1)
elseif after == 0 then
  call('HINCRBY', talk, 'flagged', -1)
end
if after == 0 and read == '0' then
  call('HDEL', talk, field)
else
  call('HSET', talk, field, format('%d:%s', after, read))
end
return 1
