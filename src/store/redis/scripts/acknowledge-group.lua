-- Moves the cursors of members of groups: src/store/decisions/session.ts.
--
-- KEYS  per group: members, head
-- ARGV  per group: number of acknowledgements, then for each: user id, number
-- Gives 1 per group.
--
-- The hash of members is described in join-group.lua.

-- include cursor.lua

local replies, argument = {}, 1
for item = 1, #KEYS / 2 do
  local head = tonumber(redis.call('GET', KEYS[item * 2]) or 0)
  local last = argument + ARGV[argument] * 2
  for at = argument + 1, last, 2 do
    moveCursor(KEYS[item * 2 - 1], ARGV[at], tonumber(ARGV[at + 1]), head)
  end
  argument = last + 1
  replies[item] = 1
end
return replies
