-- Takes groups off their users' lists: the last step of leaving, or what a crash between two steps has left.
--
-- KEYS  per listing: the user's groups
-- ARGV  ageMs, then per listing: group, the listing's number
-- Gives 1 per listing that was taken off, else 0: it is another by now, or younger than ageMs.

local call = redis.call
-- include time.lua
local youngest = nowMicros - ARGV[1] * 1000
local replies = {}
for item, list in ipairs(KEYS) do
  local group, number = ARGV[item * 2], ARGV[item * 2 + 1]
  replies[item] = 0
  if tonumber(number) <= youngest and call('HGET', list, group) == number then
    replies[item] = call('HDEL', list, group)
  end
end
return replies
