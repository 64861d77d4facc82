-- Creates an account under a name that was claimed, while the claim is young enough.
--
-- KEYS  account
-- ARGV  name, the time in ms after which the claim may be given to somebody else
-- Gives 'created', 'late', or 'exists' and the name that the account bears.

local existing = redis.call('GET', KEYS[1])
if existing then return { 'exists', existing } end
local time = redis.call('TIME')
if time[1] * 1000 + math.floor(time[2] / 1000) > tonumber(ARGV[2]) then return { 'late' } end
redis.call('SET', KEYS[1], ARGV[1])
return { 'created' }
