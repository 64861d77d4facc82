-- Notes what an operator has done.
--
-- KEYS  the audit log
-- ARGV  the record as JSON, how many are kept

redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], '*', 'r', ARGV[1])
return 1
