-- Reads what is sealed for a member of an encrypted group.
--
-- KEYS  group, talk, members
-- ARGV  user, how many of those without a key
-- Gives {epoch, fresh, drawn, {epoch, "<by>:<draw>:<head>", sealed ('': nothing) of each draw…}, {"<epoch>:<by>", sealed of what was
--       given…}, {user, since of who has no key…}}, or {'not-a-member'}, or {'not-encrypted'}.

local call, match, format = redis.call, string.match, string.format
local group, talk, members = KEYS[1], KEYS[2], KEYS[3]
local user = ARGV[1]
-- include group-keys.lua

if call('HEXISTS', members, user) == 0 then return { 'not-a-member' } end
local epoch, fresh, drawn = keyState()
if not epoch then return { 'not-encrypted' } end
local epochs, facts = drawsOf()
local slots = {}
for place, each in ipairs(epochs) do
  local at = place * 3 - 2
  slots[at], slots[at + 1], slots[at + 2] = each, facts[each], call('HGET', registerKey('draw', each), user) or ''
end
local missing = call('ZRANGE', registerKey('keyless'), 0, ARGV[2], 'WITHSCORES')
return { epoch, fresh, drawn, slots, call('HGETALL', registerKey('given', user)), missing }
