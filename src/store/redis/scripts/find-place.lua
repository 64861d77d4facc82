-- Finds the places of users in groups.
--
-- KEYS  per question: members, head
-- ARGV  per question: user id
-- Gives per question: {joined, cursor, head}, or nil if the user is not in the group.
--
-- The hash of members is described in join-group.lua.

local replies = {}
for item, user in ipairs(ARGV) do
  local place = redis.call('HGET', KEYS[item * 2 - 1], user)
  replies[item] = false
  if place then
    local joined, cursor = string.match(place, '^(%d+):(%d+)')
    replies[item] = { tonumber(joined), tonumber(cursor), tonumber(redis.call('GET', KEYS[item * 2]) or 0) }
  end
end
return replies
