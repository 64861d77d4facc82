-- Removes the retained value of a topic.
--
-- KEYS  values, order, counts, expiry (keys.ts)
-- ARGV  topic
-- Gives the number of the removal; 0: there was none.

-- include time.lua
-- include retained.lua
if not takeRetained(ARGV[1]) then return 0 end
return nextNumber()
