-- The clock.
--
-- KEYS  any key: the node that holds it is asked
-- Gives the time in ms since 1970.

local time = redis.call('TIME')
return time[1] * 1000 + math.floor(time[2] / 1000)
