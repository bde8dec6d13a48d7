import Postgres

extension JobQueue {
    /// To the end of the transaction, rows are found by their ids in the order of an index and nowhere else, and what was found is
    /// joined by hashing.
    ///
    /// A queue at rest is known to be empty, and so it is for the planner until it is analysed again, a minute or so after the work
    /// has come: whether it reads all that waits once, or once for each id, is all the same to it. Statements under these settings
    /// therefore name the ids they look for in an array, also where they join.
    static let lookupSettings: Statement = """
        set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
        set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)
        """
}
