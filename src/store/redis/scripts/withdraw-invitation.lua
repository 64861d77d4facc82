-- Takes back the invitations of a user to groups.
--
-- KEYS  per group: invited
-- ARGV  per group: user id
-- Gives 1 for each that there was, else 0.

local replies = {}
for item, invited in ipairs(KEYS) do
  replies[item] = redis.call('ZREM', invited, ARGV[item])
end
return replies
