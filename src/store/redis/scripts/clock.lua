-- The clock.
--
-- KEYS  any key: the node that holds it is asked
-- Gives the time in ms since 1970.

-- include time.lua
return nowMs
