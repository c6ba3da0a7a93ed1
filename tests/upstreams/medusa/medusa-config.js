// Medusa without admin pages, with in-memory cache, events and workflows; its own payment and manual fulfilment.
// An order that was made with `metadata.number` is known by that number, as in shops that number their orders themselves.
const { defineConfig } = require("@medusajs/framework/utils")

const cors = "http://localhost"
module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false } },
    http: { storeCors: cors, adminCors: cors, authCors: cors, jwtSecret: "for-tests", cookieSecret: "for-tests" },
  },
  admin: { disable: true },
  modules: [
    {
      resolve: "@medusajs/medusa/order",
      options: { generateCustomDisplayId: async (order) => order.metadata?.number },
    },
  ],
})
