CREATE TABLE ops.t_V2__c (id UInt64) ENGINE = MergeTree ORDER BY id;
