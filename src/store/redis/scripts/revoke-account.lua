-- Lets in no more whoever was let in with the present generation of an account.
--
-- KEYS  account
-- Gives the new generation, or nil: there is no such account.

if redis.call('HEXISTS', KEYS[1], 'name') == 0 then return false end
return redis.call('HINCRBY', KEYS[1], 'generation', 1)
