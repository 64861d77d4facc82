-- Whether a user is invited to a group.
--
-- KEYS  per question: invited
-- ARGV  per question: user id
-- Gives 1 or 0 for each.

local replies = {}
for item, invited in ipairs(KEYS) do
  replies[item] = redis.call('ZSCORE', invited, ARGV[item]) and 1 or 0
end
return replies
