clickhouse {
  password = env("CHARTER_TEST_VARIABLE_THAT_IS_NOT_SET")
}
