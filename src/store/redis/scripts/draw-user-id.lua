-- Draws a user id: the time in milliseconds, as the Java system does, but never one twice.
--
-- KEYS  the last id drawn
-- Gives the id.

-- include time.lua
local id = math.max(nowMs, tonumber(redis.call('GET', KEYS[1]) or 0) + 1)
redis.call('SET', KEYS[1], id)
return id
