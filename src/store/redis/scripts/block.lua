-- Blocks a peer, or no longer: src/store/decisions/conversation.ts.
--
-- KEYS  talk
-- ARGV  peer, '1' to block ('0': no longer), how many may be blocked
-- Gives 1 if that has changed something, 0 if not, -1 if as many are blocked as may be.
--
-- The hash of conversations:
--   <peer>   "flags:count:last": 1 (the user has written to the peer) + 2 (the peer is blocked); places taken while room was short,
--            up to the number `last`: none once that was acknowledged (scripts/append.lua)
--   blocks   how many are blocked
--   =<peer>  what the user has set of a conversation, also of a group's (set-flag.lua)
-- and what append.lua keeps of the timeline and of conversations. Of a group it has what append.lua keeps, too, and what members have
-- read (mark-member.lua).

local call, match, format = redis.call, string.match, string.format
local talk, peer, blocks = KEYS[1], ARGV[1], ARGV[2] == '1'
local known = call('HGET', talk, peer)
local flags, rest = match(known or '0:0:0', '^(%d)(:.*)$')
flags = tonumber(flags)
if blocks == (flags >= 2) then return 0 end
if not blocks then
  call('HINCRBY', talk, 'blocks', -1)
  if flags == 2 then
    call('HINCRBY', talk, 'contacts', -1)
    return call('HDEL', talk, peer)
  end
  call('HSET', talk, peer, format('%d%s', flags - 2, rest))
  return 1
end
if tonumber(call('HGET', talk, 'blocks') or 0) >= tonumber(ARGV[3]) then return -1 end
call('HINCRBY', talk, 'blocks', 1)
if flags == 0 then call('HINCRBY', talk, 'contacts', 1) end
call('HSET', talk, peer, format('%d%s', flags + 2, rest))
return 1
