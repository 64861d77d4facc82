-- Finds a file that has not expired.
--
-- KEYS  file
-- Gives {field, value, …} of it (begin-file.lua); nothing if there is none.

-- include time.lua
local expires = redis.call('HGET', KEYS[1], 'expires')
if not expires or tonumber(expires) <= nowMs then return {} end
return redis.call('HGETALL', KEYS[1])
