-- Finds the places of users in groups.
--
-- KEYS  per question: members, head, group, talk
-- ARGV  per question: user id
-- Gives per question: {joined, cursor, head, 1 if members may read what was said before, the epoch of its key (0: none)}, or nil if the
-- user is not in the group.
--
-- The hash of members is described in join-group.lua.

local replies = {}
for item, user in ipairs(ARGV) do
  local place = redis.call('HGET', KEYS[item * 4 - 3], user)
  replies[item] = false
  if place then
    local joined, cursor = string.match(place, '^(%d+):(%d+)')
    local head = tonumber(redis.call('GET', KEYS[item * 4 - 2]) or 0)
    local showsAll = redis.call('HGET', KEYS[item * 4 - 1], 'history') == 'all' and 1 or 0
    local epoch = tonumber(redis.call('HGET', KEYS[item * 4], 'epoch') or 0)
    replies[item] = { tonumber(joined), tonumber(cursor), head, showsAll, epoch }
  end
end
return replies
