import Postgres

extension JobQueue {
    /// To the end of the transaction, rows are found by their ids in the order of an index, and what was found is joined by hashing. For statements over many jobs, which name the ids they look for in an array, also where they join. See
    /// <doc:0010-a-queue-at-rest-is-planned-for-work>.
    static let lookupSettings: Statement = """
        set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
        set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)
        """
}
