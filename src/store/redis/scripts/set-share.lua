-- Sets what one account may take of what a group keeps: src/store/decisions/membership.ts.
--
-- KEYS  group, talk
-- ARGV  user id, percent ('' as others have it)
-- Gives 1, 0 if the user is not the owner, or nil if there is no such group.

local owner = redis.call('HGET', KEYS[1], 'owner')
if not owner then return false end
if owner ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[2], 'share')
else
  redis.call('HSET', KEYS[2], 'share', ARGV[2])
end
return 1
