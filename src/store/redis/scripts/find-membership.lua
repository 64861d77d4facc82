-- Finds the places of users in groups.
--
-- KEYS  per question: members, head, group
-- ARGV  per question: user id
-- Gives per question: {joined, cursor, head, 1 if members may read what was said before}, or nil if the user is not in the group.
--
-- The hash of members is described in join-group.lua.

local replies = {}
for item, user in ipairs(ARGV) do
  local place = redis.call('HGET', KEYS[item * 3 - 2], user)
  replies[item] = false
  if place then
    local joined, cursor = string.match(place, '^(%d+):(%d+)')
    local head = tonumber(redis.call('GET', KEYS[item * 3 - 1]) or 0)
    local showsAll = redis.call('HGET', KEYS[item * 3], 'history') == 'all' and 1 or 0
    replies[item] = { tonumber(joined), tonumber(cursor), head, showsAll }
  end
end
return replies
