-- Draws a user id: the time in milliseconds, as the Java system does, but never one twice.
--
-- KEYS  the last id drawn
-- Gives the id.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0) + 1)
redis.call('SET', KEYS[1], id)
return id
