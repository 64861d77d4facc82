-- What operators have done, newest first.
--
-- KEYS  the audit log
-- ARGV  the id of an entry, of which the older ones are read, or +; how many at most
-- Gives id and record, for each.

local to = ARGV[1] == '+' and '+' or '(' .. ARGV[1]
local found = {}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], to, '-', 'COUNT', ARGV[2])) do
  found[#found + 1] = entry[1]
  found[#found + 1] = entry[2][2]
end
return found
