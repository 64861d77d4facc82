-- Reads what has changed of the members and keys of an encrypted group.
--
-- KEYS  group, talk, members
-- ARGV  user, how many, numbers after which: of members, of keys
-- Gives {the group's id, of each list {"<number>-0", "<epoch>:<kind>:<user>:<by>:<at>"…}}, or 'not-a-member', or 'not-encrypted'.

local call, match, format = redis.call, string.match, string.format
local group, talk, members = KEYS[1], KEYS[2], KEYS[3]
-- include group-keys.lua

if call('HEXISTS', members, ARGV[1]) == 0 then return 'not-a-member' end
if not keyState() then return 'not-encrypted' end

local function changesAfter(list, number)
  local found = {}
  for place, entry in ipairs(call('XRANGE', registerKey(list), format('%d', number + 1), '+', 'COUNT', ARGV[2])) do
    found[place * 2 - 1], found[place * 2] = entry[1], entry[2][2]
  end
  return found
end

return { call('HGET', talk, 'id'), changesAfter('changes', ARGV[3]), changesAfter('keychanges', ARGV[4]) }
