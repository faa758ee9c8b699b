"""What is paid: scheduled payments and their lines, answers, holds, purchase orders, calculation, runs."""
