import ArgumentParser

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Looks into the job queue and steers it, straight in the database.",
        discussion: """
            Everything Muster does is a job: it waits in a queue, is run by a worker, tried again when it fails, and \
            is dead after its last attempt.

              blocked, scheduled, available   waits for other jobs, its time, a worker
              running                         a worker has it
              done, discarded, cancelled      ended
              dead                            every attempt failed; a person should look

            When something hangs:

              $ muster queue stats                     # how deep, how old, what rests
              $ muster queue list --state dead         # what failed, and of what
              $ muster queue show 42                   # everything about one job
              $ muster queue retry 42                  # dead jobs work again
              $ muster queue pause default --reason "disk is full"
              $ muster queue resume default

            The same can be asked in psql: see the views queue.depth_now, waiting_now, running_now, dead_now, \
            throttle_now and snapshot_now.
            """,
        subcommands: [
            QueueStatsCommand.self, QueueListCommand.self, QueueShowCommand.self, QueueRetryCommand.self,
            QueueCancelCommand.self, QueuePauseCommand.self, QueueResumeCommand.self, QueueDrainCommand.self,
            QueueThrottleCommand.self,
        ]
    )
}
