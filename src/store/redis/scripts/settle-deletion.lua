-- Forgets a deletion, if it has settled; or only says whether it has.
--
-- KEYS  deletions
-- ARGV  user id, '1' to forget it ('0': to look)
-- Gives 1 if it has settled, 0 if not yet, nil if none is noted.

-- include time.lua
local settles = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not settles then return false end
if tonumber(settles) > nowMs then return 0 end
if ARGV[2] == '1' then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 1
