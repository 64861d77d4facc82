-- Finds how often the marks of users have moved.
--
-- KEYS  per user: marks (move-marks.lua)
-- Gives their versions.

local replies = {}
for item, marks in ipairs(KEYS) do replies[item] = tonumber(redis.call('HGET', marks, 'version') or 0) end
return replies
