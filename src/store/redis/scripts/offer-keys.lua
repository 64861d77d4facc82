-- Gives an account its pair of keys, unless it has one.
--
-- KEYS  account
-- ARGV  public key, wrapped private key
-- Gives {public key, wrapped private key} of the pair that it has now, or nil: there is no such account.
--
-- The hash of an account is described in create-account.lua.

local name, public, wrapped = unpack(redis.call('HMGET', KEYS[1], 'name', 'public', 'wrapped'))
if not name then return false end
if public then return { public, wrapped } end
redis.call('HSET', KEYS[1], 'public', ARGV[1], 'wrapped', ARGV[2])
return { ARGV[1], ARGV[2] }
