-- Decides whether others may know when a user was last seen.
--
-- KEYS  account
-- ARGV  '1' or '0'
-- Gives 1, or nil: there is no such account.

if redis.call('HEXISTS', KEYS[1], 'name') == 0 then return false end
if ARGV[1] == '0' then
  redis.call('HDEL', KEYS[1], 'last-seen')
elseif redis.call('HEXISTS', KEYS[1], 'last-seen') == 0 then
  redis.call('HSET', KEYS[1], 'last-seen', '0')
end
return 1
