-- Reads what has changed in a shard since a version.
--
-- KEYS  filters of the shard, changes, version, order (keys.ts)
-- ARGV  the version, how many changes at most
-- Gives nothing if they are not known, or the version with the last of them, and of each the session and filter, '=' and its options
-- ('': it was removed).

local call = redis.call
local since = ARGV[1]
if since == (call('GET', KEYS[3]) or '0') then return { since } end
if #call('XRANGE', KEYS[2], since .. '-0', since .. '-0') == 0 then return false end
local reply = { since }
for _, entry in ipairs(call('XRANGE', KEYS[2], '(' .. since .. '-0', '+', 'COUNT', ARGV[2])) do
  reply[1] = string.match(entry[1], '^%d+')
  reply[#reply + 1] = entry[2][2]
  reply[#reply + 1] = entry[2][4]
end
return reply
