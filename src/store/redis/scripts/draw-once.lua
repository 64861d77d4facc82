-- Keeps what was drawn, unless there is something.
--
-- KEYS  where it is kept
-- ARGV  what was drawn, '1' to keep it in any case
-- Gives what is there then.

local standing = redis.call('GET', KEYS[1])
if standing and ARGV[2] ~= '1' then return standing end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
